"""What `make deploy` and `make package` do around Chalice: stacks, records, policies, mappings.

Read `stage_deployment` first, then `sam_template` for the single template. What is refused before
anything is made is in `preconditions`, `stage_settings`, `certificates` and, for a bare `chalice
deploy`, `standing`. The commands of `infra` and `stage_options` import from here.
"""
