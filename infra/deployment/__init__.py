"""What `make deploy` and `make package` do around Chalice: stacks, records, policies, mappings, a domain; and what they refuse.

Read `stage_deployment` first, then `sam_template` for the single template. The commands of `infra`
and `stage_options` import from here.
"""
