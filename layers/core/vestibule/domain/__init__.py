"""Frozen values of the field: identity, session, flow, credential, message, problem, outcome, errors."""
