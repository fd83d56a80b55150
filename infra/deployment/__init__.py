"""What `make deploy` and `make package` do around Chalice: stacks, records, policies, mappings.

Read `stage_deployment` first, then `sam_template` for the single template. The commands of `infra`
import from here; `errors` and `stage_names` are of use to all of them.
"""
