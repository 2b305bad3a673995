"""Text in; labels, entities or answers out, from a shipped model."""
