"""Values and errors that every room speaks of, without AWS and without JSON.

Read `session` and `sentence` first. All rooms import these; these import nothing of the project.

Times named `..._at` are epoch milliseconds. `expires_at_seconds` and `ttl` are epoch **seconds**:
DynamoDB reads them so, to delete the row.
"""
