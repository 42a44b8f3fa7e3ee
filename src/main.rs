#[tokio::main]
async fn main() -> std::process::ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    tracing_subscriber::fmt().init();
    let config = match muster::config::Vars::from_environment()
        .and_then(|vars| muster::config::Config::read(&vars))
    {
        Ok(config) => config,
        Err(error) => {
            eprintln!("muster: {error}");
            return std::process::ExitCode::FAILURE;
        }
    };
    if let Err(error) = muster::app::serve(config).await {
        eprintln!("muster: {error:#}");
        return std::process::ExitCode::FAILURE;
    }
    std::process::ExitCode::SUCCESS
}
