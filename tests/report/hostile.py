"""Texts that break pages which trust them."""

from __future__ import annotations

TEXTS = (
    "<script>window.PWN=1</script>",
    "</script><script>window.PWN=1</script>",
    "<!--<script>window.PWN=1//",
    "<img src=x onerror=window.PWN=1>",
    '"><svg onload=window.PWN=1>',
    "'-window.PWN=1-'",
    "${window.PWN=1}",
    "{{script}} {{data}} {{library}}",
    "javascript:window.PWN=1",
    "<a href='https://example.com/x'>link</a>",
    "<b>bold</b> &amp; &lt;i&gt;",
    "\u2028window.PWN=1\u2029",
    "Grüße 你好 🙂 \u202eabc",
    "%{x} %{customdata[0]} $x^2$",
    "]]> --> \\u003c \\ \\\\",
    "__proto__",
    "constructor",
)
