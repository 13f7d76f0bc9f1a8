"""Tests of the built site in a real browser.

The system's Chromium, driven by Playwright, with no network but localhost.
"""
