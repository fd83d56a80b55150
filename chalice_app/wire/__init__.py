"""What goes over the wire: parsing and checking what comes in, serialising what goes out.

Read `incoming`, then `outgoing`; docs/protocol.md is the contract. `attribute_values` is the
encoding of DynamoDB's rows and stream records. Every higher room may import all three.
"""
