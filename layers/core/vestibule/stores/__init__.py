"""Entities, written once on the Table port."""
