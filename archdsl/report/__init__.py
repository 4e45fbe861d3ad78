"""What people look at: tables for the terminal and for documents. Pictures and HTML come here, too."""
