"""The pages: `pages` serves the files beside it, which browsers load without a build step."""
