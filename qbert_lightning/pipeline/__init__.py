"""The stages of the loop and the checks that stand before them."""
