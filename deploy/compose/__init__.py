"""The platform in containers: secrets, what runs once before the parts, what runs once after."""
