using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Roost.Tests.Shown;

/// <summary>Code that the page on telemetry shows: a host that exports, and an engine whose call of a model has a span.</summary>
internal static class Traced
{
    public static void Export()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();

        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("orders"))
            .WithTracing(tracing => tracing
                .AddSource("Roost")
                .AddSource("Orders.Agent")          // your engines' own spans
                .AddOtlpExporter())
            .WithMetrics(metrics => metrics
                .AddMeter("Roost")
                .AddOtlpExporter());
        builder.Logging.AddOpenTelemetry(logging => logging.IncludeScopes = true);

        using IHost host = builder.Build();
        host.Services.GetRequiredService<TracerProvider>().Should().NotBeNull();
    }

    internal sealed record OrderState(string Question, string? Answer = null);

    internal sealed record Reply(string Text, int InputTokens, int OutputTokens);

    internal interface IModel
    {
        Task<Reply> AskAsync(OrderState state, string key, CancellationToken cancellationToken);
    }

    internal sealed class OrderEngine(IModel model) : Engine<OrderState>
    {
        private static readonly ActivitySource Agent = new("Orders.Agent");

        protected override async Task<Outcome> StepAsync(OrderState state, StepContext context)
        {
            using Activity? chat = Agent.StartActivity("chat some-model", ActivityKind.Client);
            chat?.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.provider.name", "openai").SetTag("gen_ai.request.model", "some-model");
            Reply reply = await model.AskAsync(state, context.IdempotencyKey, context.CancellationToken);
            chat?.SetTag("gen_ai.usage.input_tokens", reply.InputTokens).SetTag("gen_ai.usage.output_tokens", reply.OutputTokens);
            return Done(state with { Answer = reply.Text });
        }

        public override string EngineId => "orders";

        protected override OrderState Init(WorkItem item) => item.PayloadAs<OrderState>();
    }
}
