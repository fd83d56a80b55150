"""The local stage: AWS-compatible endpoints on loopback for the application as it is deployed."""
