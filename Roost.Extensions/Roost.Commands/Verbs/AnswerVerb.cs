using System.CommandLine;
using System.Text.Json;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Answers a question, so that its item goes on.</summary>
internal sealed class AnswerVerb : Verb
{
    private readonly Argument<string> ask = AskArgument();
    private readonly Argument<string> value = new("value")
    {
        Description = "The answer: JSON in UTF-8 that fits what \"roost inbox <question>\" says; @file reads a file, - reads stdin.",
    };
    private readonly Option<string> by = ByOption("Who answers, for the history.");
    private readonly Option<string> comment = new("--comment", "-m") { Description = "What the item and the history are told with it.", HelpName = "text" };

    public AnswerVerb() : base("answer", "Answer a question, so that its item goes on; the first answer counts.") =>
        Take(ask, value, by, comment, CommonOptions.Json);

    public static Argument<string> AskArgument() =>
        new Argument<string>("question") { Description = "The question: its id, or a unique beginning or end of it." }.OffersAsks();

    public static Option<string> ByOption(string description) => new("--by") { Description = description, HelpName = "name", Required = true };

    protected override async Task<int> RunAsync(Call call)
    {
        JsonElement answer = await GivenJson.ParseAsync(call, "value", call.Get(value));
        await using RoostRuntime roost = call.Open();
        string id = await AskResolver.FindAsync(roost, call.Get(ask), call.Stop);
        AnswerResult result = await roost.AnswerAsync(id, answer, call.Get(by)!, call.Get(comment), call.Stop);
        call.Done = $"Question {id} was answered";
        if (call.IsJson) call.Print.Json(new { Id = id, result.WorkId, result.Created });
        else call.Print.Line($"{id}: answered{(result.Created ? "" : " already")}");
        if (!result.Created) await Console.Error.WriteLineAsync("The same answer by the same person was accepted before; nothing was added.");
        return ExitCodes.Ok;
    }
}
