using Roost.AspNetCore.Output;
using Roost.Commands.Output;

namespace Roost.Tests.Cli;

/// <summary>A text that comes piece by piece is shown as soon as nothing in it can become a secret, and a secret never is, wherever it was cut.</summary>
[TestFixture]
internal sealed class MaskedTextTests
{
    private static MaskedText New() => new(new Printer(new StringWriter(), new Masking(new SecretKeys(SecretKeys.Usual, reveal: false))));

    [TestCase("一、次", "一、次")]
    [TestCase("{\"a\":[1,2],\"b\":\"x\",", "{\"a\":[1,2],\"b\":\"x\",")]
    [TestCase("one two", "one ")]
    [TestCase("a,b,c", "a,b,")]
    [TestCase("see postgres://ann:pa,ss", "see postgres")]
    [TestCase("see https://example.com/a,b", "see https://example.com/a,")]
    public void What_can_become_no_secret_is_shown_at_once(string piece, string shown) => New().Append(piece).Should().Be(shown);

    [Test]
    public void A_word_that_does_not_end_is_held_back_for_some_hundred_letters()
    {
        MaskedText text = New();
        string shown = "";
        for (int i = 0; i < 100; i++) shown += text.Append(new string('x', 50));
        shown.Length.Should().BeInRange(4400, 4600);
        (shown + text.End()).Should().Be(new string('x', 5000));
    }

    [TestCase("my password=swordfish is")]
    [TestCase("use ghp_abcdefghijklmnopqrstuvwxyz0123 for it")]
    [TestCase("sk-ant-api03-abcdefgh0123456789 and")]
    [TestCase("see postgres://ann:pa,ss!w$rd@host/db now")]
    [TestCase("{\"token\":\"abc,def\",\"n\":1}")]
    [TestCase("Authorization: Bearer abc123.def456 ok")]
    [TestCase("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl end")]
    [TestCase("一、AKIAIOSFODNN7EXAMPLE、次")]
    public void A_secret_is_masked_wherever_its_text_is_cut(string whole)
    {
        string masked = new SecretKeys(SecretKeys.Usual, reveal: false).Hide(whole);
        masked.Should().Contain("***");
        for (int cut = 1; cut < whole.Length; cut++)
        {
            MaskedText text = New();
            (text.Append(whole[..cut]) + text.Append(whole[cut..]) + text.End()).Should().Be(masked, "it is cut at {0}", cut);
        }
        MaskedText letters = New();
        (string.Concat(whole.Select(letter => letters.Append($"{letter}"))) + letters.End()).Should().Be(masked);
    }
}
