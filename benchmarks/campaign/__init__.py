"""Campaigns against the pipeline: many rounds of drawn damage, each told whole where the pipeline takes it wrongly.

python -m benchmarks.campaign NAME --count N --seed S     (see benchmarks/campaign/__main__.py)
"""
