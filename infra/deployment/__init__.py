"""What `make deploy` and `make package` do around Chalice: stacks, records, policies, mappings."""
