"""Values and errors that every room speaks of, without AWS and without JSON.

Read `session` and `sentence` first. All rooms import these; these import nothing of the project.

Times named `..._at` are epoch milliseconds; `expires_at` and `ttl` of a row are epoch **seconds**,
because DynamoDB reads them as such to delete the row.
"""
