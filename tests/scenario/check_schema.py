"""check_schema.py SCHEMA BATCH_SCHEMA SOURCE_DIR: every good file fits its schema, every case marked `schema` in
bad_cases.txt does not. Uses Debian's python3-jsonschema and python3-yaml, which know nothing of our loader."""
import glob
import json
import sys

import jsonschema
import yaml

scenario_schema, batch_schema = (json.load(open(p)) for p in sys.argv[1:3])
root = sys.argv[3]
failures = []


def judge(document, schema):
    return next(iter(jsonschema.Draft7Validator(schema).iter_errors(document)), None)


for schema in (scenario_schema, batch_schema):
    jsonschema.Draft7Validator.check_schema(schema)

good = 0
paths = glob.glob(root + "/tests/scenario/data/*.yaml") + glob.glob(root + "/scenarios/**/*.yaml", recursive=True)
for path in sorted(paths):
    document = yaml.safe_load(open(path))
    if path.endswith("_fragment.yaml") or not isinstance(document, dict):
        continue
    if "scenario" not in document and "batch" not in document and "scenarios" not in document:
        continue  # data beside a scenario
    problem = judge(document, scenario_schema if "scenario" in document else batch_schema)
    good += 1
    if problem:
        failures.append(f"{path}: refused: {problem.message[:300]} at {list(problem.absolute_path)}")

bad = 0
for case in open(root + "/tests/scenario/bad_cases.txt", encoding="utf-8").read().split("=== ")[1:]:
    head, _, rest = case.partition("\n")
    if not head.endswith(" schema"):
        continue
    text = rest.split(">>>\n")[0]
    bad += 1
    if judge(yaml.safe_load(text), scenario_schema) is None:
        failures.append(f"case {head}: accepted")

print(f"{good} good files, {bad} bad cases")
if good < 6 or bad < 30:
    failures.append("too few files were judged")
for line in failures:
    print(line)
sys.exit(1 if failures else 0)
