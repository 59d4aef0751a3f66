"""Mails and text messages: their wording, their look, and what a configuration puts in their place."""
