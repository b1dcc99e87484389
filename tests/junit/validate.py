"""validate.py SCHEMA REPORT...: whether the reports are valid, and break where they are spoilt."""

import sys

import xmlschema

schema = xmlschema.XMLSchema(sys.argv[1])
passed = failed = 0


def check(name, held):
    global passed, failed
    passed, failed = passed + held, failed + (not held)
    print("pass" if held else "FAIL", name)


for path in sys.argv[2:]:
    name = path.rsplit("/", 1)[-1]
    error = next(schema.iter_errors(path), None)
    check(f"{name} is valid" if error is None else f"{name}: {error}", error is None)
    text = open(path, encoding="utf-8").read()
    spoilt = text.replace("<testcase name=", "<testcase file='x' name=", 1)
    check(f"{name} with an attribute too many is not", not schema.is_valid(spoilt))
    root = schema.to_dict(path)
    cases = [case for suite in root["testsuite"] for case in suite["testcase"]]
    check(f"{name} counts its {len(cases)} cases", int(root["@tests"]) == len(cases) > 0)
    check(f"{name} counts its failures", int(root["@failures"]) == sum("failure" in case for case in cases))
    check(f"{name} counts its errors", int(root["@errors"]) == sum("error" in case for case in cases))
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
