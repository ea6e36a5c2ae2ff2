using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Renderers.Html.Inlines;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.AspNetCore.Components;
using Roost.AspNetCore.Output;

namespace Roost.AspNetCore;

/// <summary>
/// Markdown of an engine as elements that are harmless: no HTML of its own, no address that leads anywhere, nothing that is loaded. Where a link leads is
/// written beside its text.
/// </summary>
internal static class MarkdownText
{
    private const int MostText = 50_000;

    private const int HeadingsAbove = 1, LowestHeading = 6;

    /// <summary>Stand for masks and for three asterisks while Markdown is read, to which asterisks mean something.</summary>
    private const string MaskMark = "\uE000", AsteriskMark = "\uE001";

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().Build();

    public static MarkupString Html(string text, SecretKeys secrets)
    {
        string marked = Marked(text, secrets);
        using var html = new StringWriter();
        try
        {
            MarkdownDocument document = Markdown.Parse(marked, Pipeline);
            foreach (TableColumnDefinition column in document.Descendants<Table>().SelectMany(table => table.ColumnDefinitions))
                (column.Alignment, column.Width) = (null, 0); // They would become styles, which no page may have.
            RendererTo(html).Render(document);
        }
        catch (ArgumentException)
        {
            // Nested deeper than anybody writes.
            html.GetStringBuilder().Clear();
            html.Write($"<pre>{System.Net.WebUtility.HtmlEncode(marked)}</pre>");
        }
        return new(Unmarked(html.ToString()));
    }

    /// <summary>Its text, on one line.</summary>
    public static string Plain(string text, SecretKeys secrets)
    {
        string marked = Marked(text, secrets);
        try
        {
            marked = Markdown.ToPlainText(marked, Pipeline);
        }
        catch (ArgumentException)
        {
            // Nested deeper than anybody writes; it stays as it is.
        }
        return Unmarked(string.Join(' ', marked.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
    }

    private static string Marked(string text, SecretKeys secrets)
    {
        string cut = Roost.AspNetCore.Output.Text.Lines(text.ReplaceLineEndings("\n"));
        if (cut.Length > MostText) cut = $"{cut[..MostText]}…";
        cut = cut.Replace(MaskMark, "", StringComparison.Ordinal).Replace(AsteriskMark, "", StringComparison.Ordinal);
        string hidden = secrets.Hide(cut.Replace(SecretKeys.Mask, AsteriskMark, StringComparison.Ordinal));
        return hidden.Replace(SecretKeys.Mask, MaskMark, StringComparison.Ordinal).Replace(AsteriskMark, SecretKeys.Mask, StringComparison.Ordinal);
    }

    private static string Unmarked(string text) => text.Replace(MaskMark, SecretKeys.Mask, StringComparison.Ordinal);

    private static HtmlRenderer RendererTo(StringWriter html)
    {
        var renderer = new HtmlRenderer(html);
        Pipeline.Setup(renderer);
        renderer.ObjectRenderers.Replace<LinkInlineRenderer>(new LinkAsText());
        renderer.ObjectRenderers.Replace<AutolinkInlineRenderer>(new AddressAsText());
        renderer.ObjectRenderers.Replace<HeadingRenderer>(new LowerHeading());
        return renderer;
    }

    private static void WriteAddress(HtmlRenderer renderer, string address) => renderer.Write("<code>").WriteEscape(address).Write("</code>");

    private sealed class LinkAsText : HtmlObjectRenderer<LinkInline>
    {
        protected override void Write(HtmlRenderer renderer, LinkInline obj)
        {
            renderer.WriteChildren(obj);
            if (string.IsNullOrEmpty(obj.Url)) return;
            renderer.Write(" (");
            WriteAddress(renderer, obj.Url);
            renderer.Write(")");
        }
    }

    private sealed class AddressAsText : HtmlObjectRenderer<AutolinkInline>
    {
        protected override void Write(HtmlRenderer renderer, AutolinkInline obj) => WriteAddress(renderer, obj.Url);
    }

    /// <summary>Under the heading of the page, and none more than one below that before it.</summary>
    private sealed class LowerHeading : HtmlObjectRenderer<HeadingBlock>
    {
        private int last = HeadingsAbove;

        protected override void Write(HtmlRenderer renderer, HeadingBlock obj)
        {
            last = Math.Min(Math.Min(obj.Level + HeadingsAbove, last + 1), LowestHeading);
            renderer.Write($"<h{last}>").WriteLeafInline(obj);
            renderer.WriteLine($"</h{last}>");
        }
    }
}
