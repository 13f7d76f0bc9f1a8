"""Tests of the built site in a real browser: the system's Chromium, driven by Playwright, with no network but localhost."""
