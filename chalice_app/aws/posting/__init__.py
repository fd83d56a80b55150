"""`@connections`: posts to thousands of sockets, fast and bounded. Read `management_api` first."""
