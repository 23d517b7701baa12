"""What browsers of real users tell of their visits."""
