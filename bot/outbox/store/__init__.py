"""The table `delivery`, which no other subject names."""
