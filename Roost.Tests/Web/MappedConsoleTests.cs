using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Roost.AspNetCore;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>The console among the addresses of a program of somebody's own.</summary>
[TestFixture]
internal sealed partial class MappedConsoleTests
{
    [Test]
    public async Task Every_address_on_every_page_is_below_the_base_path_and_where_it_is_mapped()
    {
        await using ConsoleTour tour = await ConsoleTour.StartAsync();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UsePathBase("/apps");
                app.UseRouting();
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapRoostConsole("/ops/roost", new ConsoleOptions { Runtime = tour.Host.Roost }).RequireAuthorization();
                app.MapGet("/work", () => "the program's own");
            }
        );

        foreach (string address in ConsoleTour.Addresses.Values.SelectMany(each => each))
        {
            string page = await site.ReadAsync($"/apps/ops/roost{address}", address == "/nowhere" ? HttpStatusCode.NotFound : HttpStatusCode.OK);
            string[] links = [.. Link().Matches(page).Select(link => link.Groups[1].Value)];
            links.Should().NotBeEmpty();
            links.Should().OnlyContain(link => link.StartsWith("/apps/ops/roost/", StringComparison.Ordinal), address);
        }
        (await site.ReadAsync("/apps/ops/roost/assets/console.css")).Should().Contain("body");
        (await site.ReadAsync("/apps/ops/roost")).Should().Contain("data-root=\"/apps/ops/roost\"");
        (await site.ReadAsync("/apps/work")).Should().Be("the program's own");
    }

    [Test]
    public async Task An_action_does_its_work_and_leads_back_to_its_page()
    {
        await using RoostRuntime roost = RoostRuntime.CreateTemporary();
        await roost.EnqueueAsync(new WorkItem("demo") { Id = "one" });
        await using Site site = await Site.StartAsync(app => app.MapRoostConsole("/roost", new() { Runtime = roost }).RequireAuthorization());
        string page = await site.ReadAsync("/roost/work/item?id=one");
        string token = FormToken().Match(page).Groups[1].Value;

        using HttpResponseMessage done = await site.PostAsync("/roost/actions/cancel", new() { ["id"] = "one", ["back"] = "/work/item?id=one" }, token);
        using HttpResponseMessage away = await site.PostAsync("/roost/actions/cancel", new() { ["id"] = "one", ["back"] = "//elsewhere.example/" }, token);
        using HttpResponseMessage forged = await site.PostAsync("/roost/actions/cancel", new() { ["id"] = "one" }, token: null);

        done.StatusCode.Should().Be(HttpStatusCode.Found);
        done.Headers.Location!.OriginalString.Should().StartWith("/roost/work/item?id=one&note=");
        (await site.ReadAsync(done.Headers.Location.OriginalString)).Should().Contain("role=\"status\"");
        (await roost.GetAsync("one")).Summary.State.Should().Be(WorkState.Cancelled);
        away.Headers.Location!.OriginalString.Should().StartWith("/roost/?note=");
        forged.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Test]
    public async Task Behind_a_proxy_that_takes_a_part_of_the_path_the_addresses_are_those_of_the_browser()
    {
        await using RoostRuntime roost = RoostRuntime.CreateTemporary();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All });
                app.MapRoostConsole(options: new() { Runtime = roost }).RequireAuthorization();
            }
        );
        using var request = new HttpRequestMessage(HttpMethod.Get, "/roost/work");
        request.Headers.Add("X-Forwarded-Prefix", "/teams/blue");

        using HttpResponseMessage answer = await site.Client.SendAsync(request);
        string page = await answer.Content.ReadAsStringAsync();

        Link().Matches(page).Select(link => link.Groups[1].Value).Should().OnlyContain(link => link.StartsWith("/teams/blue/roost/", StringComparison.Ordinal));
    }

    [Test]
    public async Task Who_is_not_let_in_sees_nothing_and_changes_nothing()
    {
        await using RoostRuntime roost = RoostRuntime.CreateTemporary();
        await roost.EnqueueAsync(new WorkItem("demo") { Id = "one" });
        await using Site site = await Site.StartAsync(app => app.MapRoostConsole(options: new() { Runtime = roost }).RequireAuthorization());
        site.Client.DefaultRequestHeaders.Remove("X-User");

        foreach (string address in (string[])["/roost", "/roost/work", "/roost/assets/console.js", "/roost/work/item/file?id=one&name=x", "/roost/nowhere"])
            (await site.ReadAsync(address, HttpStatusCode.Unauthorized)).Should().BeEmpty();
        using HttpResponseMessage action = await site.PostAsync("/roost/actions/cancel", new() { ["id"] = "one" }, token: null);

        action.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await roost.GetAsync("one")).Summary.State.Should().Be(WorkState.Queued);
    }

    [Test]
    public async Task Two_consoles_of_one_program_show_each_its_own_file()
    {
        await using RoostRuntime orders = RoostRuntime.CreateTemporary(), mails = RoostRuntime.CreateTemporary();
        await orders.EnqueueAsync(new WorkItem("order") { Id = "the-order" });
        await mails.EnqueueAsync(new WorkItem("mail") { Id = "the-mail" });
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.MapRoostConsole("/orders", new() { Runtime = orders }).RequireAuthorization();
                app.MapRoostConsole("/mails", new() { Runtime = mails, ReadOnly = true }).RequireAuthorization();
            }
        );

        (await site.ReadAsync("/orders/work")).Should().Contain("the-order").And.NotContain("the-mail").And.NotContain("read-only");
        (await site.ReadAsync("/mails/work")).Should().Contain("the-mail").And.NotContain("the-order").And.Contain("read-only");
        using HttpResponseMessage refused = await site.PostAsync("/mails/actions/cancel", new() { ["id"] = "the-mail" }, token: null);
        refused.StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    [Test]
    public async Task The_runtime_of_the_services_is_shown_unless_another_is_given()
    {
        await using RoostRuntime roost = RoostRuntime.CreateTemporary();
        await roost.EnqueueAsync(new WorkItem("demo") { Id = "from-the-services" });
        await using Site site = await Site.StartAsync(app => app.MapRoostConsole().RequireAuthorization(), services => services.AddSingleton(roost));

        (await site.ReadAsync("/roost/work")).Should().Contain("from-the-services");
    }

    [TestCase("Production", false)]
    [TestCase("Staging", false)]
    [TestCase("Development", true)]
    public async Task Without_authorisation_a_program_starts_in_development_alone(string environment, bool starts)
    {
        await using RoostRuntime roost = RoostRuntime.CreateTemporary();
        Func<Task<Site>> start = () => Site.StartAsync(app => app.MapRoostConsole(options: new() { Runtime = roost }), environment: environment);

        if (starts) await (await start()).DisposeAsync();
        else
            (await start.Should().ThrowAsync<InvalidOperationException>())
                .WithMessage("*console of Roost at /roost is mapped without authorisation*RequireAuthorization*AllowAnonymous*");
    }

    [Test]
    public async Task A_fallback_policy_is_an_authorisation_and_anonymous_is_a_decision()
    {
        await using RoostRuntime roost = RoostRuntime.CreateTemporary();
        await using Site guarded = await Site.StartAsync(
            app => app.MapRoostConsole(options: new() { Runtime = roost }),
            services => services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build())
        );
        await using Site open = await Site.StartAsync(app => app.MapRoostConsole(options: new() { Runtime = roost }).AllowAnonymous());
        guarded.Client.DefaultRequestHeaders.Remove("X-User");
        open.Client.DefaultRequestHeaders.Remove("X-User");

        await guarded.ReadAsync("/roost", HttpStatusCode.Unauthorized);
        (await open.ReadAsync("/roost")).Should().Contain("Overview");
    }

    [Test]
    public async Task What_is_missing_is_said_before_the_first_request()
    {
        await using RoostRuntime roost = RoostRuntime.CreateTemporary();
        Func<Task> noServices = () => Site.StartAsync(app => app.MapRoostConsole(), console: false);
        Func<Task> noRuntime = () => Site.StartAsync(app => app.MapRoostConsole().RequireAuthorization());
        Func<Task> noPath = () => Site.StartAsync(app => app.MapRoostConsole("/{tenant}/roost", new() { Runtime = roost }).RequireAuthorization());
        Func<Task> twice = () => Site.StartAsync(
            app =>
            {
                app.MapRoostConsole(options: new() { Runtime = roost }).RequireAuthorization();
                app.MapRoostConsole("roost/", new() { Runtime = roost }).RequireAuthorization();
            }
        );

        (await noServices.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*AddRoostConsole()*");
        (await noRuntime.Should().ThrowAsync<InvalidOperationException>()).WithMessage("The console at /roost has no runtime*");
        (await noPath.Should().ThrowAsync<InvalidInputException>()).WithMessage("*{tenant}*plain path*");
        (await twice.Should().ThrowAsync<InvalidInputException>()).WithMessage("*\"/roost\" has a console already*");
    }

    [GeneratedRegex("""(?:href|src|action)="([^"#][^"]*)""")]
    private static partial Regex Link();

    [GeneratedRegex("""name="__RequestVerificationToken"[^>]*value="([^"]+)""")]
    private static partial Regex FormToken();

    /// <summary>A program that knows its users by a header.</summary>
    private sealed class Site(WebApplication application, HttpClient client) : IAsyncDisposable
    {
        public HttpClient Client { get; } = client;

        public static async Task<Site> StartAsync(
            Action<WebApplication> map,
            Action<IServiceCollection>? add = null,
            string environment = "Production",
            bool console = true
        )
        {
            WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            builder.Services.AddAuthentication("header").AddScheme<AuthenticationSchemeOptions, ByHeader>("header", null);
            builder.Services.AddAuthorization();
            if (console) builder.Services.AddRoostConsole();
            add?.Invoke(builder.Services);
            WebApplication application = builder.Build();
            try
            {
                map(application);
                await application.StartAsync();
            }
            catch
            {
                await application.DisposeAsync();
                throw;
            }
            var client = new HttpClient(LoopbackHttp.Handler(), disposeHandler: true) { BaseAddress = new(application.Urls.Single()) };
            client.DefaultRequestHeaders.Add("X-User", "ada");
            return new(application, client);
        }

        public async Task<string> ReadAsync(string address, HttpStatusCode expected = HttpStatusCode.OK)
        {
            using HttpResponseMessage answer = await Client.GetAsync(new Uri(address, UriKind.Relative));
            string text = await answer.Content.ReadAsStringAsync();
            answer.StatusCode.Should().Be(expected, "of {0}: {1}", address, text);
            return text;
        }

        public Task<HttpResponseMessage> PostAsync(string address, Dictionary<string, string> fields, string? token)
        {
            if (token is not null) fields["__RequestVerificationToken"] = token;
            return Client.PostAsync(new Uri(address, UriKind.Relative), new FormUrlEncodedContent(fields));
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await application.DisposeAsync();
        }
    }

    private sealed class ByHeader(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers["X-User"] is [{ } name]
                ? AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], "header")), "header"))
                : AuthenticateResult.NoResult()
        );
    }
}
