"""`web_hook`: tell another service what happens, and let it stop or change it. Contract 02 §4."""
