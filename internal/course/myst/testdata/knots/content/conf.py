# Read as text. The next line would stop everything that ran it.
raise SystemExit("this file was run")

project = "Knots for tests"
author = 'Ida Marchetti'
copyright = "2026, The Rope Society"
# project = "A remark"
github_user = "rope"
github_repo_name = "knots"
exclude_patterns = ["drafts", "README*"]
myst_enable_extensions = [
    "colon_fence",
    "dollarmath",  # with a remark
    "amsmath",
]
intersphinx_mapping = {
    "sails": ("https://sails.example.org/", None),
}
