"""Documents and messages of the web chat as HTML, and the templates of its pages."""
