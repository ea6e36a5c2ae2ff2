using System.Text;
using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class TriggerFileTests : FolderFixture
{
    [Test]
    public void A_file_says_everything_that_a_trigger_can()
    {
        Trigger trigger = Load(
            """
            {
              // with comments
              "triggers": [{
                "when": "watchlist", "if": "snapshot.data.changed", "enqueue": "notify",
                "fields": {"message": "snapshot.data.summary"}, "values": {"level": "high", "list": [1]}, /* and */ "max_depth": 5,
              },],
            }
            """).Single();

        (trigger.When, trigger.Enqueue, trigger.If, trigger.MaxDepth).Should().Be(("watchlist", "notify", "snapshot.data.changed", 5));
        trigger.Fields.Should().Equal(new Dictionary<string, string> { ["message"] = "snapshot.data.summary" });
        JsonSerializer.Serialize(trigger.Values).Should().Be("""{"level":"high","list":[1]}""");
    }

    [Test]
    public void What_is_left_out_has_its_default()
    {
        Trigger trigger = Load("""{"triggers":[{"when":"a","enqueue":"b"}]}""").Single();

        trigger.If.Should().BeNull();
        trigger.Fields.Should().BeEmpty();
        trigger.Values.Should().BeEmpty();
        trigger.MaxDepth.Should().Be(32);
        Load("""{"triggers":[]}""").Should().BeEmpty();
    }

    [Test]
    public void A_byte_order_mark_is_passed_over()
    {
        File.WriteAllText(folder["roost.json"], """{"triggers":[]}""", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        TriggerFile.Load(folder["roost.json"]).Should().BeEmpty();
    }

    [TestCase("""{"triggers":[],"extra":1}""", "extra")]
    [TestCase("""{"triggers":[],"":1}""", "\"\"")]
    [TestCase("""{}""", "triggers")]
    [TestCase("""[]""", "file")]
    [TestCase("""{"triggers":{}}""", "triggers")]
    [TestCase("""{"triggers":[1]}""", "triggers[0]")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","then":"c"}]}""", "triggers[0].then")]
    [TestCase("""{"triggers":[{"When":"a","enqueue":"b"}]}""", "triggers[0].When")]
    [TestCase("""{"triggers":[{"enqueue":"b"}]}""", "triggers[0].when")]
    [TestCase("""{"triggers":[{"when":"a"}]}""", "triggers[0].enqueue")]
    [TestCase("""{"triggers":[{"when":"","enqueue":"b"}]}""", "triggers[0].when")]
    [TestCase("""{"triggers":[{"when":1,"enqueue":"b"}]}""", "triggers[0].when")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","if":null}]}""", "triggers[0].if")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b"},{"when":"a","enqueue":"b","if":"data.x"}]}""", "triggers[1].if")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","if":"snapshot.data..x"}]}""", "triggers[0].if")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","fields":[]}]}""", "triggers[0].fields")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","fields":{"":"snapshot.data"}}]}""", "triggers[0].fields")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","fields":{"x":1}}]}""", "triggers[0].fields.x")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","fields":{"x":"snapshot"}}]}""", "triggers[0].fields.x")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","values":"x"}]}""", "triggers[0].values")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","max_depth":0}]}""", "triggers[0].max_depth")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","max_depth":1.5}]}""", "triggers[0].max_depth")]
    [TestCase("""{"triggers":[{"when":"a","enqueue":"b","max_depth":"32"}]}""", "triggers[0].max_depth")]
    [TestCase("""{"triggers":[{"when":"a","when":"c","enqueue":"b"}]}""", "triggers")]
    [TestCase("""{"triggers":[""", "triggers")]
    [TestCase("", "triggers")]
    public void What_breaks_a_rule_is_refused_by_key_and_file(string text, string field)
    {
        InvalidInputException refused = FluentActions.Invoking(() => Load(text)).Should().Throw<InvalidInputException>().Which;

        refused.Field.Should().Be(field);
        refused.Message.Should().StartWith(field + ": ").And.Contain(folder["roost.json"]);
    }

    [Test]
    public void A_file_that_is_missing_too_large_or_a_folder_is_refused()
    {
        Refused(folder["missing.json"], "missing.json");
        Refused(folder.Root, folder.Root);
        Refused("", "empty");
        File.WriteAllText(folder["large.json"], """{"triggers":[]}""" + new string(' ', 1024 * 1024));
        Refused(folder["large.json"], "1,048,576");
    }

    private static void Refused(string path, string what) =>
        FluentActions.Invoking(() => TriggerFile.Load(path)).Should().Throw<InvalidInputException>().Which.Message.Should().Contain(what);

    private IReadOnlyList<Trigger> Load(string text)
    {
        File.WriteAllText(folder["roost.json"], text);
        return TriggerFile.Load(folder["roost.json"]);
    }
}
