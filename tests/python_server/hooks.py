"""What the owner of the server would configure: `hooks.py advance` moves its clock, `hooks.py code` prints its code."""

import json
import os
import sys
import urllib.request

target = os.environ["WABIZSPEC_TARGET"]
if sys.argv[1:] == ["advance"]:
    urllib.request.urlopen(target + "/__advance", os.environ["WABIZSPEC_SECONDS"].encode())
elif sys.argv[1:] == ["code"]:
    code = json.load(urllib.request.urlopen(target + "/__code"))["code"]
    print(code or sys.exit("no code is waiting to be used"))
else:
    sys.exit("usage: hooks.py advance|code")
