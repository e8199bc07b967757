"""Formulas with a paper behind them: colour differences, structural similarity, scores against a truth."""
