"""The only code that knows API Gateway and Lambda."""
