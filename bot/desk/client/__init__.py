"""The client of a service that drafts texts: any endpoint that speaks OpenAI's chat completions."""
