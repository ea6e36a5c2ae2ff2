using Roost.AspNetCore;
using Roost.AspNetCore.Output;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>Markdown of an engine becomes elements that do nothing.</summary>
[TestFixture]
internal sealed class MarkdownTextTests
{
    [TestCase("Delete **3** files in `a/b`?", "<p>Delete <strong>3</strong> files in <code>a/b</code>?</p>\n")]
    [TestCase("# Why\n\n- a\n- b", "<h2>Why</h2>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n")]
    [TestCase("[the page](https://example.com/?a=1&b)", "<p>the page (<code>https://example.com/?a=1&amp;b</code>)</p>\n")]
    [TestCase("![pixel](https://evil.example/x.png)", "<p>pixel (<code>https://evil.example/x.png</code>)</p>\n")]
    [TestCase("<https://example.com>", "<p><code>https://example.com</code></p>\n")]
    [TestCase("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n")]
    [TestCase("### a\n# b\n### c\n###### d", "<h2>a</h2>\n<h2>b</h2>\n<h3>c</h3>\n<h4>d</h4>\n")]
    [TestCase("a *** b *** c", "<p>a *** b *** c</p>\n")]
    public void It_is_rendered(string markdown, string html) => Html(markdown).Should().Be(html);

    [TestCase("[x](javascript:alert(1))")]
    [TestCase("[x]: javascript:alert(1)\n\n[x]")]
    [TestCase("<img src=x onerror=alert(1)>")]
    [TestCase("<div onclick=alert(1)>\n\nx\n\n</div>")]
    [TestCase("```\" onclick=\"alert(1)\n<b>\n```")]
    [TestCase("| a | b |\n|:-:|--:|\n| <i> | 2 |")]
    [TestCase("&lt;script&gt;")]
    [TestCase("<!-- x --> <?php ?> <![CDATA[x]]>")]
    public void Nothing_of_it_is_of_the_engines_own(string markdown) => HtmlCheck.Dangers($"<div>{Html(markdown)}</div>").Should().BeEmpty();

    [Test]
    public void Every_hostile_text_becomes_harmless()
    {
        foreach (string text in (string[])[Hostile.Markup, Hostile.Escapes, .. Hostile.Names]) HtmlCheck.Dangers(Html(text)).Should().BeEmpty(text);
    }

    [Test]
    public void What_is_nested_without_an_end_is_shown_as_it_is() =>
        HtmlCheck.Dangers(Html(new string('>', 5_000) + " x")).Should().BeEmpty();

    [Test]
    public void Secrets_are_masked_and_the_mask_is_no_emphasis() =>
        Html("Use token=t-secret1 and password=t-secret2 **now**").Should().Be("<p>Use token=*** and password=*** <strong>now</strong></p>\n");

    [TestCase("# Delete **3** files?\n\n- `a` [b](https://example.com)", "Delete 3 files? a b")]
    [TestCase("<b>bold</b> token=t-secret1 & more", "<b>bold</b> token=*** & more")]
    public void On_a_line_it_is_its_text(string markdown, string text) =>
        MarkdownText.Plain(markdown, new SecretKeys(SecretKeys.Usual, false)).Should().Be(text);

    private static string Html(string markdown) => MarkdownText.Html(markdown, new SecretKeys(SecretKeys.Usual, false)).Value;
}
