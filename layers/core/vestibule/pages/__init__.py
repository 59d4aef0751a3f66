"""The built-in account pages: any flow, drawn from its nodes."""
