"""From files to products: each is made when it is asked for, and findings collect on the way."""
