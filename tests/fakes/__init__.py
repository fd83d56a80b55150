"""In-memory adapters: a module for each room whose ports they implement.

Start with `world`: a `World` is the application over these fakes, and what a test asks for. Tests
pass fakes in by the composition root and never patch the project's own code. The stores keep the
contract of the DynamoDB adapters: the tests in `tests/unit/chalice_app/aws/dynamodb` run over both.
"""
