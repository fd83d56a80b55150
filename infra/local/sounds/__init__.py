"""Amazon S3's protocol for one bucket: the sounds of a day, as files.

Read `api` first, then `signatures` (who may do what) and `store` (the files, and what deletes
them). It is the only part of the stage's AWS that a web page may read, and it reads nothing else.
"""
