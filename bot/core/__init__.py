"""What every subject uses: documents, messages in two languages, errors, the ports, the database."""
