"""The archive for feed readers, crawlers and other sites: feeds, sitemaps, cards."""
