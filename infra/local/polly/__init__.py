"""Amazon Polly's protocol in front of offline voices.

Read `api` first (a request from its checks to its sound), then `voices` (a process for each
language, started when that language is first asked for) and `worker` (what that process does).
`engines` says which languages this machine can speak; `polly_voices` are the names that Polly's
voices have. The modules of `engine/` alone import the packages that make sound.
`server` is the process that listens, for `infra.local.sounds`, too. `voice_warmup` runs in the
functions' host and starts the voices that listeners will need.
"""
