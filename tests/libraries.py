"""What others wrote, and which of it a cold start notices."""

HEAVY = frozenset(
    {
        *("pydantic", "ruamel", "boto3", "botocore.session", "httpcore", "jsonschema_rs", "argon2", "bcrypt"),
        *("phonenumbers", "jinja2", "gojsonnet", "joserfc", "webauthn", "cbor2"),
    }
)
"""By a module that is there only where all of the library is: Powertools imports botocore's `__init__`."""
