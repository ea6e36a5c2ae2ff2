using System.CommandLine;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>Which resources are held, by whom, and who waits.</summary>
internal sealed class ResourcesVerb : Verb
{
    private readonly Option<int> limit = new("--limit", "-n") { Description = "How many at most.", DefaultValueFactory = _ => 50 };
    private readonly Option<string> cursor = new("--cursor") { Description = "Goes on where an earlier page ended: the next of its --json." };

    public ResourcesVerb()
        : base("resources", "Show the resources that are held, by whom, and who waits for them.") =>
        Take(limit, cursor, CommonOptions.Json, CommonOptions.Watch);

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        return await call.ShowAsync(async () =>
        {
            Page<ResourceInfo> page = await roost.ListResourcesAsync(call.Get(limit), call.Get(cursor), call.Stop);
            return new(page, print => Show(print, page));
        });
    }

    private static void Show(Printer print, Page<ResourceInfo> page)
    {
        print.Table(
            ["resource", "held by", "worker", "since", "waiting"],
            page.Items.Select(each =>
                new[]
                {
                    each.Name,
                    print.Id(each.HolderId),
                    each.WorkerId ?? "",
                    print.Time(each.Since),
                    string.Join(" ", each.Waiters.Select(print.Id)) + (each.HasMoreWaiters ? " and more" : ""),
                }
            ),
            "No resource is held."
        );
        if (page.Next is not null)
            Console.Error.WriteLine($"More: --cursor {page.Next}");
    }
}
