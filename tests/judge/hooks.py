"""What the owner of a client that is served with --control would configure: `hooks.py advance` and `hooks.py code`."""

import json
import os
import sys
import urllib.request

control = os.environ["WABIZSPEC_TARGET"] + "/__control/"
if sys.argv[1:] == ["advance"]:
    body = json.dumps({"seconds": int(os.environ["WABIZSPEC_SECONDS"])})
    urllib.request.urlopen(control + "advance", body.encode())
elif sys.argv[1:] == ["code"]:
    print(json.load(urllib.request.urlopen(control + "code"))["code"])
else:
    sys.exit("usage: hooks.py advance|code")
