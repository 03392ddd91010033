"""What feed readers, crawlers and other sites get of the archive."""
