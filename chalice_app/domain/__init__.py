"""Values and errors that every room speaks of, without AWS and without JSON.

Read `session` and `sentence` first. `languages` says what a tag means, `guards` what a translation
is, `characters`, `graphemes` and `pieces` what texts consist of. All rooms import these; these
import nothing of the project.

Times named `..._at` are epoch milliseconds. `expires_at_seconds` and `ttl` are epoch **seconds**:
DynamoDB reads them so, to delete the row.
"""
