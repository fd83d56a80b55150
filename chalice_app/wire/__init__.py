"""What goes over the wire: parsing and checking what comes in, serialising what goes out.

Read `messages` first; docs/protocol.md is the contract. `attribute_values` is DynamoDB's encoding.
"""
