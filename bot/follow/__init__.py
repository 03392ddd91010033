"""What people follow, and the one direct message a day that tells them what is new in it."""
