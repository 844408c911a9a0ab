"""What the facts are and how they behave: pure, without IO, clock or framework."""
